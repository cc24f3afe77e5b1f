-- trim: removes the oldest entries of a lane that need not, or cannot, be kept.
--
-- keys: events
-- args: least age in ms, age in ms of what a failover can lose, how recently in ms a consumer must
--       have been heard of, most entries, most bytes, how many are removed at most
-- answers: ok <removed> <of them unread> <length> <bytes> <id of the oldest or ''>
--
-- First what everybody has read, then what is too much. The last entry always stays.

local function first_id(stream)
  local found = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)
  return found[1] and found[1][1]
end

local function last_id(stream)
  local found = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
  return found[1] and found[1][1]
end

-- A flat list of names and values, as the server describes things in, as a table.
local function described(list)
  local fields = {}
  for at = 1, #list, 2 do
    fields[list[at]] = list[at + 1]
  end
  return fields
end

-- Was any consumer of this group heard of within so many ms?
local function is_live(stream, group, within)
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
    if described(consumer).idle <= within then
      return true
    end
  end
  return false
end

-- The id below which every group that is alive has acknowledged all there is from `oldest` on; nil
-- if none is alive. Deliveries of what is gone already stay pending until somebody claims them,
-- and hold nothing back.
local function read_below(stream, oldest, within)
  local below
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    group = described(group)
    if is_live(stream, group.name, within) then
      local millis, number = id_numbers(group['last-delivered-id'])
      local pending = redis.call('XPENDING', stream, group.name, oldest, '+', 1)[1]
      local reached = pending and pending[1] or id_text(millis, number + 1)
      below = below and earlier_id(below, reached) or reached
    end
  end
  return below
end

-- How many of the oldest would have to go for the rest to be within these limits. Bytes are what
-- the server estimates, and entries are taken to be of one size.
local function excess(stream, entries_max, bytes_max)
  local length, bytes = redis.call('XLEN', stream), redis.call('MEMORY', 'USAGE', stream)
  local over = math.max(length - entries_max, 0)
  if bytes > bytes_max then
    over = math.max(over, math.ceil(length * (bytes - bytes_max) / bytes))
  end
  return over
end

-- The ids below which entries are old enough to go, cannot be lost in a failover, and are read, and
-- how many of the oldest are too many.
local function limits(stream, oldest, args)
  local now, last = now_millis(), last_id(stream)
  local old = earlier_id(id_text(now - tonumber(args[1]), 0), last)
  local safe = earlier_id(id_text(now - tonumber(args[2]), 0), last)
  local read = earlier_id(read_below(stream, oldest, tonumber(args[3])) or last, last)
  local over = excess(stream, tonumber(args[4]), tonumber(args[5]))
  return old, safe, read, math.min(over, tonumber(args[6]))
end

-- Trims, and answers how many are gone, how many of them unread, and the id of the oldest that is
-- left; nil if there is nothing.
local function trim_stream(stream, args)
  local most, oldest = tonumber(args[6]), first_id(stream)
  if not oldest then
    return nil
  end
  local old, safe, read, over = limits(stream, oldest, args)
  local removed = trim_below(stream, earlier_id(old, read), most)
  over = over - removed
  local spare = trim_below(stream, earlier_id(safe, read), over)
  local unread = trim_below(stream, safe, over - spare)
  return removed + spare + unread, unread, first_id(stream)
end

redis.register_function('baton_1_trim', function(keys, args)
  local stream = keys[1]
  local removed, unread, oldest = trim_stream(stream, args)
  if not removed then
    return { 'ok', '0', '0', '0', '0', '' }
  end
  if unread > 0 then
    add_entry(stream, '0', '0', '0', 'BATON_TRIMMED', '0', text(now_micros()), '', '',
      '{"marker":"trimmed","before":"' .. oldest .. '","entries":' .. text(unread) .. '}')
  end
  return { 'ok', text(removed), text(unread), text(redis.call('XLEN', stream)),
    text(redis.call('MEMORY', 'USAGE', stream)), oldest }
end)
