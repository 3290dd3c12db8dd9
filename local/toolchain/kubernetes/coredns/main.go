// CoreDNS as its own main.go has it: every plugin of its default build.
package main

import (
	_ "github.com/coredns/coredns/core/plugin"

	"github.com/coredns/coredns/coremain"
)

func main() {
	coremain.Run()
}
