//! What the files for deploying are held to: its tests read them and run what they say.
