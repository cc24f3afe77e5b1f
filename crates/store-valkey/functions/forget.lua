-- forget: strikes an instance off the list, if its beat is still the one that was seen.
--
-- keys: instances
-- args: instance id, beat
-- answers: ok
redis.register_function('baton_1_forget', function(keys, args)
  local stored = redis.call('HGET', keys[1], args[1])
  if stored and string.match(stored, '^(%d+) ') == args[2] then
    redis.call('HDEL', keys[1], args[1])
  end
  return { 'ok' }
end)
