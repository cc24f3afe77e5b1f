-- put_app: puts what an app is to be in place of the revision of it that the caller has seen.
--
-- keys: stored apps
-- args: app, revision seen (0 if none), what it is to be, how many there may be at the most
-- answers: ok <new revision> | changed <revision that stands> | full <how many there are>
--
-- Repeated after its answer was lost it changes nothing. What has no revision counts as revision 0,
-- so that it can be replaced.
redis.register_function('baton_1_put_app', function(keys, args)
  local key = keys[1]
  local app, seen, wanted, most = unpack(args)
  local before = redis.call('HGET', key, app)
  local revision = before and string.match(before, '^(%d+) ') or '0'
  local new = text(tonumber(seen) + 1)
  if before == new .. ' ' .. wanted then
    return { 'ok', new }
  end
  if revision ~= seen then
    return { 'changed', revision }
  end
  local standing = redis.call('HLEN', key)
  if not before and standing >= tonumber(most) then
    return { 'full', text(standing) }
  end
  redis.call('HSET', key, app, new .. ' ' .. wanted)
  return { 'ok', new }
end)
