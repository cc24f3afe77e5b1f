-- data_set: gives this data set its identity if it has none, and answers the one it has.
--
-- keys: data set
-- args: candidate id, the newest data format that the caller knows
-- answers: ok <id> | newer <format>
redis.register_function('baton_1_data_set', function(keys, args)
  local key = keys[1]
  local candidate, known = args[1], args[2]
  local format = redis.call('HGET', key, 'format')
  if format then
    ensure_number(key, 'format', format)
    if tonumber(format) > tonumber(known) then
      return { 'newer', format }
    end
  end
  if redis.call('HSETNX', key, 'id', candidate) == 1 then
    redis.call('HSETNX', key, 'format', known)
  end
  return { 'ok', redis.call('HGET', key, 'id') }
end)
