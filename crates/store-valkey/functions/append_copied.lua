-- append_copied: appends as append does, and writes copies of what it adds to streams of others.
--
-- keys: row, events, copied
-- args: owner, epoch, session number, prev seq, last seq, shard number,
--       how many entries such a stream holds at most, about,
--       then per entry: name, seq, at, guild, trace, body, the stream of its copy or '', copy
-- answers: as append, but ok <seq> <how many copies were refused> <why>
--
-- Their keys are not ours: they may hold something else, or be out of our reach. An error would
-- leave the lane half written, so a copy that cannot be written is counted and left out. For the
-- same reason they are arguments: a user without rights to a key could not even call us with it.
redis.register_function('baton_1_append_copied', function(keys, args)
  local most, refused, why, written = args[7], 0, '', {}
  local answer = append(keys, args, 8, 8, function(at)
    local stream = args[at + 6]
    if stream == '' then
      return
    end
    local added = redis.pcall('XADD', stream, 'MAXLEN', '~', most, '*', 'data', args[at + 7])
    if type(added) == 'table' then
      refused, why = refused + 1, added.err
    else
      written[stream] = true
    end
  end)
  for stream in pairs(written) do
    redis.call('HSET', keys[3], stream, '')
  end
  if answer[1] == 'ok' then
    return { 'ok', answer[2], text(refused), why }
  end
  return answer
end)
