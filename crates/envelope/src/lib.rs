//! Op, seq, event name and guild id out of a raw frame, without parsing its body.
