package api

// StatusOfForTest is statusOf.
var StatusOfForTest = statusOf
