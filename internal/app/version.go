package app

// Version is the version of the program, as released.
const Version = "0.1.0"
