-- break_lease: takes a lease away from its holder, who may live. The row stays with its session.
--
-- keys: row
-- args: expected epoch, expected holder ('' if it is free)
-- answers: ok | changed <row>
--
-- The epoch stays: under it nobody is the owner any more, so that whatever the holder does next is
-- fenced, and the next grant has a larger one. Repeated, it finds the row free and changes nothing.
redis.register_function('baton_1_break_lease', function(keys, args)
  local key = keys[1]
  local epoch, holder = unpack(args)
  local row = read_row(key)
  if not row or row.epoch ~= epoch then
    return with_row('changed', key)
  end
  if row.state == 'free' then
    return { 'ok' }
  end
  if row.owner ~= holder then
    return with_row('changed', key)
  end
  redis.call('HSET', key, 'state', 'free')
  redis.call('HDEL', key, 'owner', 'to', 'offer')
  return { 'ok' }
end)
