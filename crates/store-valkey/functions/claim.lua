-- claim: takes a lease, if its row is as the claimant believes. Serves the planner's row too.
--
-- keys: row
-- args: me, expected epoch ('' if no row is expected), then state, owner, to, offer ('' if none)
-- answers: ok <row> | lost <row>
--
-- The session is not compared: it moves with every append, and a claim does not care. A row that
-- is mine under a later epoch than expected is what this very claim brought about, when its answer
-- was lost.
redis.register_function('baton_1_claim', function(keys, args)
  local key = keys[1]
  local me, epoch, state, owner, to, offer = unpack(args)
  local row = read_row(key)
  if not row then
    return epoch == '' and grant(key, nil, me) or with_row('lost', key)
  end
  if row.epoch == epoch and row.state == state and (row.owner or '') == owner
    and (row.to or '') == to and (state ~= 'offered' or row.offer == offer) then
    return grant(key, row.epoch, me)
  end
  local is_mine = row.state == 'owned' and row.owner == me
  if is_mine and tonumber(row.epoch) > (tonumber(epoch) or -1) then
    return with_row('ok', key)
  end
  return with_row('lost', key)
end)
