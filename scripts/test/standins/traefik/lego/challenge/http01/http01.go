package http01

import "time"

// PathPrefix is where RFC 8555 section 8.3 puts the key authorization.
const PathPrefix = "/.well-known/acme-challenge/"

type Option struct{}

func SetDelay(time.Duration) Option { return Option{} }
