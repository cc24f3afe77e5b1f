-- What the functions share. Every function of the library stands in a file of its own, below this.
--
-- A function answers with an array whose first element names the outcome ('ok', 'fenced', …). It
-- reads and checks first and writes last: a function that raises an error has written nothing.
-- Times come from the server, inside the function; limits come from the caller, as arguments.

-- Numbers reach 2^53 exactly; Lua would print large ones as 1.8e+12.
local function text(number)
  return string.format('%.0f', number)
end

local function now_micros()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function now_millis()
  return math.floor(now_micros() / 1000)
end

-- The next epoch or session number. A plain counter could give one number twice, after a failover
-- that lost the first; the clock cannot.
local function next_number(previous)
  return text(math.max(tonumber(previous or '0') + 1, now_millis()))
end

-- Bars part what the caller puts into its own words; the server adds the line number behind.
local function corrupt(key, field, found, expected)
  local shown = found and ('"' .. found .. '"') or 'nothing'
  local what = key .. ' field ' .. field .. '|' .. shown .. '|' .. expected .. '|'
  error({ err = 'BATONCORRUPT ' .. what })
end

local function ensure_number(key, field, found)
  if not found or not string.find(found, '^%d+$') then
    corrupt(key, field, found, 'a number')
  end
end

-- A lease row, checked; nil if there is none.
local function read_row(key)
  local found = redis.call('HMGET', key, 'epoch', 'state', 'owner', 'to', 'offer', 'session',
    'number', 'seq')
  local row = {
    epoch = found[1], state = found[2], owner = found[3], to = found[4], offer = found[5],
    session = found[6], number = found[7], seq = found[8],
  }
  if not row.epoch and not row.state and redis.call('EXISTS', key) == 0 then
    return nil
  end
  ensure_number(key, 'epoch', row.epoch)
  if row.state ~= 'free' and row.state ~= 'owned' and row.state ~= 'offered' then
    corrupt(key, 'state', row.state, 'free, owned or offered')
  end
  if row.session then
    ensure_number(key, 'number', row.number)
    ensure_number(key, 'seq', row.seq)
  end
  return row
end

-- Does `owner` hold this row under `epoch`, so that it may write? Equality, not "not older": a
-- later epoch may have been granted by a primary that has since been thrown away.
local function is_held(row, owner, epoch)
  return row and row.state == 'owned' and row.owner == owner and row.epoch == epoch
end

-- Why somebody who is not the holder is refused. An epoch that is ahead of the row's was granted by
-- a primary whose memory this one does not have: nobody has taken that lease away.
local function refusal(row, epoch)
  if not row or tonumber(row.epoch) < tonumber(epoch) then
    return 'forgotten'
  end
  return 'fenced'
end

-- An outcome together with the row as it stands.
local function with_row(outcome, key)
  return { outcome, redis.call('HGETALL', key) }
end

-- Makes `owner` the holder under a new epoch.
local function grant(key, previous_epoch, owner)
  redis.call('HSET', key, 'epoch', next_number(previous_epoch), 'state', 'owned', 'owner', owner)
  redis.call('HDEL', key, 'to', 'offer')
  return with_row('ok', key)
end

-- Was this row granted to `me` after `epoch`? Then that is what an earlier attempt of the same call
-- brought about, whose answer was lost.
local function is_granted_since(row, me, epoch)
  return row.state == 'owned' and row.owner == me and tonumber(row.epoch) > tonumber(epoch)
end

-- The day's limit of IDENTIFYs: total, remaining, reset; nil if nobody has told it yet.
local function read_day(key)
  local found = redis.call('HMGET', key, 'total', 'remaining', 'reset_at')
  if not found[1] then
    return nil
  end
  ensure_number(key, 'total', found[1])
  ensure_number(key, 'remaining', found[2])
  ensure_number(key, 'reset_at', found[3])
  return tonumber(found[1]), tonumber(found[2]), tonumber(found[3])
end

-- Adds one entry. The fields and their order are the public contract (docs/protocol.md).
local function add_entry(stream, shard, number, epoch, name, seq, at, guild, trace, body)
  redis.call('XADD', stream, '*', 'v', '1', 't', name, 'sh', shard, 's', seq, 'sid', number,
    'ep', epoch, 'at', at, 'g', guild, 'tp', trace, 'd', body)
end

-- Adds the marker of a session's beginning. `row` is as it was before: its session is the one that
-- ends, and its seq is where the stream ends in that.
local function begin_entry(stream, shard, number, epoch, at, start, row)
  local before = row.session and ('[' .. row.number .. ',' .. row.seq .. ']') or 'null'
  add_entry(stream, shard, number, epoch, 'BATON_SESSION_STARTED', '0', at, '', '',
    '{"marker":"session_started","start":"' .. start .. '","previous":' .. before .. '}')
end
