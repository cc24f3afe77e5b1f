-- claim: takes a lease, if its row is as the claimant believes. Serves the planner's row too.
--
-- keys: row
-- args: me, expected epoch (0 if there was never a lease), expected holder ('' if it is free)
-- answers: ok <row> | lost <row>
--
-- The session is not compared: it moves with every append, and a claim does not care. A row that
-- is mine under a later epoch than expected is what this very claim brought about, when its answer
-- was lost.
redis.register_function('baton_1_claim', function(keys, args)
  local key = keys[1]
  local me, epoch, holder = unpack(args)
  local row = read_row(key) or { epoch = '0' }
  if row.epoch == epoch and (row.owner or '') == holder then
    return grant(key, row.epoch, me)
  end
  local is_mine = row.state == 'owned' and row.owner == me
  if is_mine and tonumber(row.epoch) > tonumber(epoch) then
    return with_row('ok', key)
  end
  return with_row('lost', key)
end)
