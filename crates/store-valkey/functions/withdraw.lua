-- withdraw: removes what is wanted of a subject, if it is still this very intent.
--
-- keys: intents
-- args: subject, id
-- answers: ok | gone
redis.register_function('baton_1_withdraw', function(keys, args)
  local found = redis.call('HGET', keys[1], args[1])
  if not found or string.match(found, '^(%x+) ') ~= args[2] then
    return { 'gone' }
  end
  redis.call('HDEL', keys[1], args[1])
  return { 'ok' }
end)
