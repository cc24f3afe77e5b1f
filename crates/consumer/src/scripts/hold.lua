-- hold: what every script asks first: may this consumer still act on the lane?
--
-- In a shared lane nobody asks, and the epoch is empty. In an exclusive lane owner and epoch must
-- be those of the row. A row that is missing or has an older epoch was lost with its store: the
-- holder writes it back, because nobody can have taken the lease away under a smaller number.
local function is_held(row, me, epoch)
  if epoch == '' then
    return true
  end
  local found = redis.call('HMGET', row, 'epoch', 'owner')
  if found[1] and tonumber(found[1]) >= tonumber(epoch) then
    return found[1] == epoch and found[2] == me
  end
  redis.call('HSET', row, 'epoch', epoch, 'owner', me)
  return true
end
