-- forget: strikes an instance off the list, if its beat is still the one that was seen, and with it
-- the wish that it should drain.
--
-- keys: instances, intents
-- args: instance id, beat, subject of that wish
-- answers: ok
--
-- A caller below revision 7 names the instances only, and nothing else is touched then.
redis.register_function('baton_1_forget', function(keys, args)
  local stored = redis.call('HGET', keys[1], args[1])
  if stored and string.match(stored, '^(%d+) ') == args[2] then
    redis.call('HDEL', keys[1], args[1])
    if keys[2] then
      redis.call('HDEL', keys[2], args[3])
    end
  end
  return { 'ok' }
end)
