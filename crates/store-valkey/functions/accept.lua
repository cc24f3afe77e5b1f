-- accept: takes a lease that was offered to me. An offer is accepted at most once.
--
-- keys: row
-- args: me, the offering owner, its epoch, offer
-- answers: ok <row> | gone <row>
redis.register_function('baton_1_accept', function(keys, args)
  local key = keys[1]
  local me, owner, epoch, offer = unpack(args)
  local row = read_row(key)
  if not row then
    return with_row('gone', key)
  end
  if row.state == 'offered' and row.owner == owner and row.epoch == epoch and row.to == me
    and row.offer == offer then
    return grant(key, row.epoch, me)
  end
  return with_row(is_granted_since(row, me, epoch) and 'ok' or 'gone', key)
end)
