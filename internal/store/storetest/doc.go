// Package storetest opens stores for tests and fills them with builders, on a fixed clock.
package storetest
