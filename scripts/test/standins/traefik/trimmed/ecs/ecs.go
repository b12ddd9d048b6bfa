// Package ecs stands where Traefik's provider for Amazon ECS is, without it.
package ecs

import (
	"errors"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/provider"
	"github.com/traefik/traefik/v3/pkg/safe"
)

const ProviderName = "ecs"

type Provider struct{}

var _ provider.Provider = (*Provider)(nil)

func (*Provider) Init() error { return errors.New("Amazon ECS is not part of this build") }

func (*Provider) Provide(chan<- dynamic.Message, *safe.Pool) error { return nil }
