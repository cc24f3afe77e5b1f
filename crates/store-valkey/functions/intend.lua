-- intend: writes what is wanted of a subject, in place of what was wanted of it before.
--
-- keys: intents
-- args: subject, id, intent, how many may stand at the most
-- answers: ok <what it replaces or ''> | full <how many stand>
--
-- Repeated under the same id it changes nothing, not even since when the intent stands.
redis.register_function('baton_1_intend', function(keys, args)
  local key = keys[1]
  local subject, id, intent, most = unpack(args)
  local before = redis.call('HGET', key, subject)
  if before and string.match(before, '^(%x+) ') == id then
    return { 'ok', '' }
  end
  local standing = redis.call('HLEN', key)
  if not before and standing >= tonumber(most) then
    return { 'full', text(standing) }
  end
  redis.call('HSET', key, subject, id .. ' ' .. text(now_millis()) .. ' ' .. intent)
  return { 'ok', before or '' }
end)
