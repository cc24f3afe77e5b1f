-- release: gives a lease back, offered or not. The session stays for the next owner.
--
-- keys: row
-- args: owner, epoch
-- answers: ok | fenced <row> | forgotten <row>
redis.register_function('baton_1_release', function(keys, args)
  local key = keys[1]
  local owner, epoch = unpack(args)
  local row = read_row(key)
  if not row or row.epoch ~= epoch then
    return with_row(refusal(row, epoch), key)
  end
  if row.state == 'free' then
    return { 'ok' }
  end
  if row.owner ~= owner then
    return with_row(refusal(row, epoch), key)
  end
  redis.call('HSET', key, 'state', 'free')
  redis.call('HDEL', key, 'owner', 'to', 'offer')
  return { 'ok' }
end)
