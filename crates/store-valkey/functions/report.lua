-- report: writes what a member tells of itself, in place of what it told before.
--
-- keys: reports, instances
-- args: instance id, report
-- answers: ok | stranger
--
-- An instance that was struck off the list may live on for a while: what it says would stay for
-- ever, because nobody strikes it off again. Reports that were left behind go: callers of earlier
-- revisions strike an instance off the list alone.
redis.register_function('baton_1_report', function(keys, args)
  if redis.call('HEXISTS', keys[2], args[1]) == 0 then
    return { 'stranger' }
  end
  redis.call('HSET', keys[1], args[1], args[2])
  if redis.call('HLEN', keys[1]) > redis.call('HLEN', keys[2]) then
    for _, id in ipairs(redis.call('HKEYS', keys[1])) do
      if redis.call('HEXISTS', keys[2], id) == 0 then
        redis.call('HDEL', keys[1], id)
      end
    end
  end
  return { 'ok' }
end)
