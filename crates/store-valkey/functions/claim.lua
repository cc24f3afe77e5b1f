-- claim: takes a lease, if its row is as the claimant believes. Serves the planner's row too.
--
-- keys: row
-- args: me, expected epoch (0 if there was never a lease), expected holder ('' if it is free)
-- answers: ok <row> | lost <row>
--
-- The session is not compared: it moves with every append, and a claim does not care.
redis.register_function('baton_1_claim', function(keys, args)
  local key = keys[1]
  local me, epoch, holder = unpack(args)
  local row = read_row(key) or { epoch = '0' }
  if row.epoch == epoch and (row.owner or '') == holder then
    return grant(key, row.epoch, me)
  end
  return with_row(is_granted_since(row, me, epoch) and 'ok' or 'lost', key)
end)
