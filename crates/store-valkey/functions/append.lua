-- append: adds a shard's next entries to its lane's stream, all or none.
--
-- keys: row, events
-- args: owner, epoch, session number, prev seq, last seq, shard number,
--       then per entry: name, seq, at, guild, trace, body
-- answers: ok <seq> | fenced | forgotten | session <number or ''> <seq or ''> | gap <seq>
--
-- Entries at or below the row's seq are skipped: they are a retry, or a replay of what an earlier
-- owner wrote. That makes an append safe to repeat when its outcome is unknown.

-- The append itself. Entries begin at argument `first` and are `width` arguments each. `place`, if
-- there is one, is given the place of each that is new, and what adds it to the lane.
local function append(keys, args, first, width, place)
  local key, stream = keys[1], keys[2]
  local owner, epoch, number, shard = args[1], args[2], args[3], args[6]
  local found = redis.call('HMGET', key, 'owner', 'epoch', 'state', 'number', 'seq')
  if found[1] ~= owner or found[2] ~= epoch or found[3] ~= 'owned' then
    return { refusal(read_row(key), epoch) }
  end
  if found[4] ~= number then
    return { 'session', found[4] or '', found[5] or '' }
  end
  ensure_number(key, 'seq', found[5])
  local seq = tonumber(found[5])
  if seq < tonumber(args[4]) then
    return { 'gap', found[5] }
  end
  local function add(at)
    add_entry(stream, shard, number, epoch, args[at], args[at + 1], args[at + 2], args[at + 3],
      args[at + 4], args[at + 5])
  end
  place = place or add
  for at = first, #args, width do
    if tonumber(args[at + 1]) > seq then
      place(at, add)
    end
  end
  if tonumber(args[5]) > seq then
    redis.call('HSET', key, 'seq', args[5])
    return { 'ok', args[5] }
  end
  return { 'ok', found[5] }
end

redis.register_function('baton_1_append', function(keys, args)
  return append(keys, args, 7, 6)
end)
