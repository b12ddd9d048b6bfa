package lego

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"net/http"
	"time"

	"github.com/go-acme/lego/v5/acme"
	"github.com/go-acme/lego/v5/certificate"
	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/challenge/dns01"
	"github.com/go-acme/lego/v5/challenge/http01"
	"github.com/go-acme/lego/v5/challenge/tlsalpn01"
	"github.com/go-acme/lego/v5/registration"
)

const DirectoryURLLetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

var errLeftOut = errors.New("ACME is not part of this build")

type User interface {
	GetEmail() string
	GetRegistration() *acme.ExtendedAccount
	GetPrivateKey() crypto.Signer
}

type Config struct {
	CADirURL    string
	UserAgent   string
	HTTPClient  *http.Client
	Certificate struct{ Timeout time.Duration }
}

type Client struct {
	Challenge    *challenges
	Certificate  *certifier
	Registration *registrar
}

type (
	challenges struct{}
	certifier  struct{}
	registrar  struct{}
)

func NewConfig(User) *Config { return &Config{} }

// NewClient always fails, so that Traefik logs a refused certificate and serves on.
func NewClient(*Config) (*Client, error) { return nil, errLeftOut }

func CreateCertPool([]string, bool) (*x509.CertPool, error) { return nil, errLeftOut }

func (*challenges) SetDNS01Provider(challenge.Provider, ...dns01.Option) error { return errLeftOut }

func (*challenges) SetHTTP01Provider(challenge.Provider, ...http01.Option) error { return errLeftOut }

func (*challenges) SetTLSALPN01Provider(challenge.Provider, ...tlsalpn01.Option) error {
	return errLeftOut
}

func (*certifier) Obtain(context.Context, certificate.ObtainRequest) (*certificate.Resource, error) {
	return nil, errLeftOut
}

func (*certifier) Renew(context.Context, certificate.Resource, *certificate.RenewOptions) (*certificate.Resource, error) {
	return nil, errLeftOut
}

func (*registrar) Register(context.Context, registration.RegisterOptions) (*acme.ExtendedAccount, error) {
	return nil, errLeftOut
}

func (*registrar) RegisterWithExternalAccountBinding(context.Context, registration.RegisterEABOptions) (*acme.ExtendedAccount, error) {
	return nil, errLeftOut
}
