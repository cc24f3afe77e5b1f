-- remove_group: removes a consumer group of a lane, with all that it has read.
--
-- keys: events
-- args: group
-- answers: ok | gone
redis.register_function('baton_1_remove_group', function(keys, args)
  local stream, group = keys[1], args[1]
  if redis.call('EXISTS', stream) == 0 or redis.call('XGROUP', 'DESTROY', stream, group) == 0 then
    return { 'gone' }
  end
  return { 'ok' }
end)
