-- forget: strikes an instance off the list, if its beat is still the one that was seen, and with it
-- the wish that it should drain and what it told of itself.
--
-- keys: instances, intents, reports
-- args: instance id, beat, subject of that wish
-- answers: ok
--
-- Callers of earlier revisions name fewer keys: what they do not name is not touched.
redis.register_function('baton_1_forget', function(keys, args)
  local instances, intents, reports = unpack(keys)
  local stored = redis.call('HGET', instances, args[1])
  if stored and string.match(stored, '^(%d+) ') == args[2] then
    redis.call('HDEL', instances, args[1])
    if intents then
      redis.call('HDEL', intents, args[3])
    end
    if reports then
      redis.call('HDEL', reports, args[1])
    end
  end
  return { 'ok' }
end)
