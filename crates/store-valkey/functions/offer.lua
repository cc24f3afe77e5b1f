-- offer: puts a lease on its way to another instance. From here on nobody may append.
--
-- keys: row
-- args: owner, epoch, to, offer
-- answers: ok | fenced <row> | forgotten <row> | overtaken
--
-- The row keeps the id of the last offer under its epoch, also after it was taken back: an attempt
-- to make it that was delayed on its way must not make it once more.
redis.register_function('baton_1_offer', function(keys, args)
  local key = keys[1]
  local owner, epoch, to, offer = unpack(args)
  local row = read_row(key)
  if is_held(row, owner, epoch) then
    if tonumber(offer) <= (tonumber(row.offer) or -1) then
      return { 'overtaken' }
    end
    redis.call('HSET', key, 'state', 'offered', 'to', to, 'offer', offer)
    return { 'ok' }
  end
  local is_repeat = row and row.state == 'offered' and row.owner == owner and row.epoch == epoch
    and row.to == to and row.offer == offer
  return is_repeat and { 'ok' } or with_row(refusal(row, epoch), key)
end)
