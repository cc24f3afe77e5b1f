-- restore_lane: puts a lane's rows and consumer groups there, all or none. The lane's stream must
-- be empty, and a row that is there must be as it would be written.
--
-- keys: events, then a row for each shard
-- args: how many groups, their names,
--       then for each row: how many words its fields have, and these: name, value, name, value, …
-- answers: ok | entries | row <which, from 1>
--
-- Groups read from the beginning: the stream is empty, and what is written to it next is for them.

-- Does a hash hold these fields, and no others?
local function holds_exactly(key, fields)
  if redis.call('HLEN', key) * 2 ~= #fields then
    return false
  end
  for at = 1, #fields, 2 do
    if redis.call('HGET', key, fields[at]) ~= fields[at + 1] then
      return false
    end
  end
  return true
end

local function slice(list, first, count)
  local some = {}
  for at = first, first + count - 1 do
    some[#some + 1] = list[at]
  end
  return some
end

local function make_group(stream, name)
  local made = redis.pcall('XGROUP', 'CREATE', stream, name, '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
    error(made)
  end
end

redis.register_function('baton_1_restore_lane', function(keys, args)
  local stream, groups = keys[1], tonumber(args[1])
  if redis.call('XLEN', stream) > 0 then
    return { 'entries' }
  end
  local rows, at = {}, groups + 2
  for row = 1, #keys - 1 do
    rows[row] = slice(args, at + 1, tonumber(args[at]))
    at = at + 1 + #rows[row]
    local key = keys[row + 1]
    if redis.call('EXISTS', key) == 1 and not holds_exactly(key, rows[row]) then
      return { 'row', text(row) }
    end
  end
  for row, fields in ipairs(rows) do
    redis.call('HSET', keys[row + 1], unpack(fields))
  end
  for _, name in ipairs(slice(args, 2, groups)) do
    make_group(stream, name)
  end
  return { 'ok' }
end)
