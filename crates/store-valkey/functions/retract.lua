-- retract: takes an offer back. The holder owns the row again, under the same epoch.
--
-- keys: row
-- args: owner, epoch, offer
-- answers: ok | fenced <row> | forgotten <row>
redis.register_function('baton_1_retract', function(keys, args)
  local key = keys[1]
  local owner, epoch, offer = unpack(args)
  local row = read_row(key)
  if is_held(row, owner, epoch) then
    return { 'ok' }
  end
  if row and row.state == 'offered' and row.owner == owner and row.epoch == epoch
    and row.offer == offer then
    redis.call('HSET', key, 'state', 'owned')
    redis.call('HDEL', key, 'to') -- the offer's id stays: it was used
    return { 'ok' }
  end
  return with_row(refusal(row, epoch), key)
end)
