#!/bin/sh
# Makes the namespace so: it is there, keeps ended workflows for 30 days, and knows the search attributes (a workflow that
# sets one that is not registered hangs). Once more changes nothing.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}"
export TEMPORAL_ADDRESS TEMPORAL_NAMESPACE
RETENTION=720h
TRIES=${TRIES:-60}

# tries a command once a second: a server that has just begun to listen, and a namespace that has just been made, are not
# known everywhere at once
again() {
  try=0
  until "$@" >/dev/null 2>&1; do
    try=$((try + 1))
    if [ "$try" -ge "$TRIES" ]; then
      "$@"
      return
    fi
    sleep 1
  done
}

again temporal operator cluster health

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi
again temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE"

# all of type Keyword; one that is registered already is left as it is
again temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
  --name OntdubbelStatus --type Keyword \
  --name OntdubbelKept --type Keyword \
  --name OntdubbelRemoved --type Keyword \
  --name OntdubbelMerge --type Keyword \
  --name OntdubbelCampaign --type Keyword
echo "namespace $TEMPORAL_NAMESPACE is ready"
