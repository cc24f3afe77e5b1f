-- accept: takes a lease that was offered to me. An offer is accepted at most once.
--
-- keys: row
-- args: me, the offering owner, its epoch, offer
-- answers: ok <row> | gone <row>
--
-- A row that is mine under a later epoch than the offer's is what this very accept brought about,
-- when its answer was lost.
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
  local is_mine = row.state == 'owned' and row.owner == me
  if is_mine and tonumber(row.epoch) > tonumber(epoch) then
    return with_row('ok', key)
  end
  return with_row('gone', key)
end)
