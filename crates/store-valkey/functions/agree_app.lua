-- agree_app: proposes an app's shape and answers the one that stands: the first ever proposed.
--
-- keys: apps
-- args: app, shape
-- answers: ok <shape>
redis.register_function('baton_1_agree_app', function(keys, args)
  redis.call('HSETNX', keys[1], args[1], args[2])
  return { 'ok', redis.call('HGET', keys[1], args[1]) }
end)
