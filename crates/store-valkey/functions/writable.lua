-- writable: meets whatever a write would meet, and writes nothing.
--
-- answers: ok
--
-- It is no reader by its flags, so before it begins the server refuses it as it would refuse a
-- write: without its replicas, out of memory, with a disk that fails, as a replica itself.
redis.register_function('baton_1_writable', function()
  return { 'ok' }
end)
