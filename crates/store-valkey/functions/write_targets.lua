-- write_targets: replaces the planner's advice, if the caller is the planner.
--
-- keys: planner's row, targets
-- args: me, epoch, then pairs of shard and instance
-- answers: ok | fenced
redis.register_function('baton_1_write_targets', function(keys, args)
  if not is_held(read_row(keys[1]), args[1], args[2]) then
    return { 'fenced' }
  end
  redis.call('DEL', keys[2])
  local pairs_at_once = 1000 -- Lua's stack takes some thousand arguments
  for from = 3, #args, pairs_at_once * 2 do
    local to = math.min(from + pairs_at_once * 2 - 1, #args)
    redis.call('HSET', keys[2], unpack(args, from, to))
  end
  return { 'ok' }
end)
