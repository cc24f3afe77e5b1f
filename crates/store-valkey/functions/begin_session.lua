-- begin_session: makes a new session the current one and marks its start in the stream.
--
-- keys: row, events
-- args: owner, epoch, Discord's session id, resume url or '', start, at, shard number
-- answers: ok <number> | fenced <row> | forgotten <row>
--
-- Repeated for the session that is current already, it writes nothing and answers its number.
redis.register_function('baton_1_begin_session', function(keys, args)
  local key, stream = keys[1], keys[2]
  local owner, epoch, id, url, start, at, shard = unpack(args)
  local row = read_row(key)
  if not is_held(row, owner, epoch) then
    return with_row(refusal(row, epoch), key)
  end
  if row.session == id then
    return { 'ok', row.number }
  end
  local previous = row.session and ('[' .. row.number .. ',' .. row.seq .. ']') or 'null'
  local number = next_number(row.number)
  add_entry(stream, shard, number, epoch, 'BATON_SESSION_STARTED', '0', at, '', '',
    '{"marker":"session_started","start":"' .. start .. '","previous":' .. previous .. '}')
  redis.call('HSET', key, 'session', id, 'number', number, 'seq', '0')
  if url == '' then
    redis.call('HDEL', key, 'url')
  else
    redis.call('HSET', key, 'url', url)
  end
  return { 'ok', number }
end)
