// Package ext is where Traefik's makers hang fields of their commercial editions; here there are none.
package ext

type HTTP struct{}

type Router struct{}
