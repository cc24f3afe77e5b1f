-- restore_apps: puts the fleet's apps there, all at once, where there are none or exactly these.
--
-- keys: apps
-- args: app, shape, app, shape, …
-- answers: ok | apps
redis.register_function('baton_1_restore_apps', function(keys, args)
  local key = keys[1]
  if redis.call('EXISTS', key) == 1 then
    return { holds_exactly(key, args) and 'ok' or 'apps' }
  end
  if #args > 0 then
    redis.call('HSET', key, unpack(args))
  end
  return { 'ok' }
end)
