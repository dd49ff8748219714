package config

// ReadPadOn is ReadPad with another root for /proc and /sys.
var ReadPadOn = readPad
