-- append_instead: appends as append_copied does, but what has a copy does not stand in the lane.
--
-- keys, answers: as append_copied
-- args: as append_copied; how many entries a stream holds is not looked at
--
-- What has no copy stands in the lane: markers, what cannot be copied, and what is refused. So
-- nothing is lost. Nor does a write cut a stream short here: no lane holds what would go with it.
redis.register_function('baton_1_append_instead', function(keys, args)
  -- Raises an error if the lane's key holds something else, before any copy is written.
  redis.call('XLEN', keys[2])
  return append_with_copies(keys, args, function(at, add, copy)
    if not copy(at, '*', 'data', args[at + 7]) then
      add(at)
    end
  end)
end)
