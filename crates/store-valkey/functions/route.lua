-- route: puts commands from a stream of others into their lanes, and moves the router, all or
-- nothing.
--
-- keys: stream, then the lanes' command streams
-- args: the router's group, where it is, where it will be,
--       then per command: which of those streams, v, sh, exp, re, tp, d
-- answers: ok | elsewhere <id or ''>
--
-- Whoever was overtaken, or repeats what has been done, finds the router elsewhere.
redis.register_function('baton_1_route', function(keys, args)
  local stream, name = keys[1], args[1]
  local place = redis.call('EXISTS', stream) == 1 and place_of(stream, name)
  if place ~= args[2] then
    return { 'elsewhere', place or '' }
  end
  for at = 4, #args, 7 do
    redis.call('XADD', keys[1 + tonumber(args[at])], '*', 'v', args[at + 1], 'sh', args[at + 2],
      'exp', args[at + 3], 're', args[at + 4], 'tp', args[at + 5], 'd', args[at + 6])
  end
  redis.call('XGROUP', 'SETID', stream, name, args[3])
  return { 'ok' }
end)
