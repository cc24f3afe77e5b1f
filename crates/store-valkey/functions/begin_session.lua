-- begin_session: makes a new session the current one and marks its start in the stream.
--
-- keys: row, events
-- args: owner, epoch, Discord's session id, resume url or '', start, at, shard number,
--       then number and last seq of the session that it follows ('' if there was none)
-- answers: ok <number> | fenced <row> | forgotten <row> | previous <number or ''> <seq or ''>
--
-- Repeated for the session that is current already, it writes nothing and answers its number. An
-- attempt that was delayed on its way does not follow the current session and changes nothing.
redis.register_function('baton_1_begin_session', function(keys, args)
  local key, stream = keys[1], keys[2]
  local owner, epoch, id, url, start, at, shard, previous, seq = unpack(args)
  local row = read_row(key)
  if not is_held(row, owner, epoch) then
    return with_row(refusal(row, epoch), key)
  end
  if row.session == id then
    return { 'ok', row.number }
  end
  local held = row.session and { row.number, row.seq } or { '', '' }
  if held[1] ~= previous or held[2] ~= seq then
    return { 'previous', held[1], held[2] }
  end
  local number = next_number(row.number)
  begin_entry(stream, shard, number, epoch, at, start, row)
  redis.call('HSET', key, 'session', id, 'number', number, 'seq', '0')
  if url == '' then
    redis.call('HDEL', key, 'url')
  else
    redis.call('HSET', key, 'url', url)
  end
  return { 'ok', number }
end)
