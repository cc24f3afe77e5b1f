-- reassert: writes back what a holder remembers, after this store has lost something.
--
-- keys: row, events
-- args: owner, epoch, session number ('' if none), session id, url, seq, shard number
-- answers: ok <row> | fenced <row>
--
-- The larger epoch wins, whoever comes first. A session that the row still knows keeps the row's
-- seq, since that is what the stream holds; one that it has forgotten is written as told, and the
-- stream says that something may be missing. Where the row knows an earlier session, the marker
-- that parted the two is lost, and whoever wrote it may be gone: it is written again from the row,
-- which knows where the stream ends in that one. Why the session began it cannot know, so it says
-- the worst: that the earlier one could not be resumed.
redis.register_function('baton_1_reassert', function(keys, args)
  local key, stream = keys[1], keys[2]
  local owner, epoch, number, id, url, seq, shard = unpack(args)
  local row = read_row(key)
  if row and tonumber(row.epoch) > tonumber(epoch) then
    return with_row('fenced', key)
  end
  if row and row.epoch == epoch and row.owner ~= owner then
    return with_row('fenced', key)
  end
  local known = row and row.session and tonumber(row.number) or 0
  local told = tonumber(number) or 0
  if number ~= '' and known > told then
    return with_row('fenced', key)
  end
  redis.call('HSET', key, 'epoch', epoch, 'state', 'owned', 'owner', owner)
  redis.call('HDEL', key, 'to')
  if row and row.epoch ~= epoch then
    redis.call('HDEL', key, 'offer') -- under its own epoch an offer has used its number
  end
  if told > known then
    if known > 0 then
      begin_entry(stream, shard, number, epoch, text(now_micros()), 'invalidated', row)
    end
    add_entry(stream, shard, number, epoch, 'BATON_STREAM_LOST', seq, text(now_micros()), '', '',
      '{"marker":"stream_lost","upto":' .. seq .. '}')
    redis.call('HSET', key, 'session', id, 'number', number, 'seq', seq)
    redis.call('HDEL', key, 'url')
    if url ~= '' then
      redis.call('HSET', key, 'url', url)
    end
  end
  return with_row('ok', key)
end)
