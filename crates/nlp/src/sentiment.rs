//! How a contact felt: angry, neutral or happy.
