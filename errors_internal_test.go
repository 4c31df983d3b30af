// Tests that errors which are counted match every sentinel there is.

package btf

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSentinels(t *testing.T) {
	api, err := os.ReadFile("api.txt")
	require.NoError(t, err)
	require.Equal(t, strings.Count(string(api), "btf: var Err"), len(sentinels))
}
