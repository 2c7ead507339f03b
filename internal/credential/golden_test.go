package credential_test

// Computed apart, with Python's hmac and the tables of the two fields written out.
const (
	goldenToken   = "C1.AHPJT2RAE50V9274ASK1KUEAJS"
	goldenSymbols = "4L3-LW4-W4J"
	goldenDigits  = "751-822-559"
	goldenKeyID   = "00473c288778aae9"
)
