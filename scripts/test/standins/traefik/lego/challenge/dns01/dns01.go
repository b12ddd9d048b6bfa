package dns01

import (
	"strings"
	"time"
)

type Option struct{}

type Options struct{ RecursiveNameservers []string }

type Client struct{}

func NewClient(*Options) *Client { return &Client{} }

func SetDefaultClient(*Client) {}

func CondOptions(bool, ...Option) Option { return Option{} }

func DisableAuthoritativeNssPropagationRequirement() Option { return Option{} }

func DisableRecursiveNSsPropagationRequirement() Option { return Option{} }

func PropagationWait(time.Duration, bool) Option { return Option{} }

// UnFqdn is used for every certificate, not only for ACME's: Traefik compares names without the final dot.
func UnFqdn(name string) string { return strings.TrimSuffix(name, ".") }
