# The action's image. BASE is a tag here; a release replaces it by the digest that it resolves to.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /build
# pip lives in its own environment, so that the one which is shipped holds none.
RUN python3 -m venv pip && python3 -m venv --without-pip /opt/lambdabot
COPY requirements/runtime.lock requirements/
RUN pip/bin/python -m pip --python /opt/lambdabot/bin/python --disable-pip-version-check --no-cache-dir \
    install --quiet --require-hashes --only-binary :all: -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY lambdabot lambdabot
RUN pip/bin/python -m pip --python /opt/lambdabot/bin/python --disable-pip-version-check --no-cache-dir \
    install --quiet --no-deps --no-build-isolation . \
    && pip/bin/python -m pip --python /opt/lambdabot/bin/python uninstall --quiet --yes flit-core \
    # Tests of a dependency are of no use to a user; the bytecode spares every job its compilation.
    && find /opt/lambdabot/lib -type d -name tests -path '*/numpy/*' -prune -exec rm -r {} + \
    && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/lambdabot/lib

FROM ${BASE}
# git is not pinned: an exact version leaves the distribution's mirror at the next security fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
    # git wants Perl for commands that nobody calls here; dpkg keeps its own.
    && rm -rf /usr/share/perl /usr/lib/*/perl
COPY --from=build /opt/lambdabot /opt/lambdabot
COPY LICENSE NOTICE /usr/share/doc/lambdabot/
COPY entrypoint.py /opt/lambdabot/
ENV PATH=/opt/lambdabot/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONUTF8=1
ENTRYPOINT ["/opt/lambdabot/bin/python", "/opt/lambdabot/entrypoint.py"]
