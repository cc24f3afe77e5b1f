-- write_targets: changes the planner's advice, if the caller is the planner.
--
-- keys: planner's row, targets
-- args: me, epoch, how many are set, then pairs of shard and instance to set, then shards to clear
-- answers: ok | fenced
redis.register_function('baton_1_write_targets', function(keys, args)
  if not is_held(read_row(keys[1]), args[1], args[2]) then
    return { 'fenced' }
  end
  local at_once = 1000 -- Lua's stack takes some thousand arguments
  local set_to = 3 + tonumber(args[3]) * 2
  for from = 4, set_to, at_once do
    redis.call('HSET', keys[2], unpack(args, from, math.min(from + at_once - 1, set_to)))
  end
  for from = set_to + 1, #args, at_once do
    redis.call('HDEL', keys[2], unpack(args, from, math.min(from + at_once - 1, #args)))
  end
  return { 'ok' }
end)
