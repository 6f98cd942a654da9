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
    && pip/bin/python -m pip --python /opt/lambdabot/bin/python uninstall --quiet --yes \
        # What rich brings along, and nothing here imports.
        flit-core markdown-it-py mdurl pygments \
    # Of no use to a user are tests, what builds, and what a type checker reads; the bytecode spares every job its
    # compilation.
    && find /opt/lambdabot/lib -type d -path '*/numpy/*' \( -name tests -o -name f2py -o -name distutils \) -prune \
        -exec rm -r {} + \
    && find /opt/lambdabot/lib -name '*.pyi' -delete \
    && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/lambdabot/lib

FROM ${BASE}
# git and Node.js, which runs functions on the embedded endpoint, are not pinned: an exact version leaves the
# distribution's mirror at the next security fix.
# Its manuals and translations stay out, as those of all packages do of Debian's slim images; licences come along.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        -o Dpkg::Options::=--path-exclude='/usr/share/doc/*' -o Dpkg::Options::=--path-include='/usr/share/doc/*/copyright' \
        -o Dpkg::Options::=--path-exclude='/usr/share/man/*' -o Dpkg::Options::=--path-exclude='/usr/share/locale/*' git nodejs \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
    # git wants Perl for commands that nobody calls here; dpkg keeps its own.
    && rm -rf /usr/share/perl /usr/lib/*/perl \
    # What serves repositories, pushes or sends mail; lambdabot reads one checkout.
    && for name in git-daemon git-http-backend git-http-push git-imap-send git-shell scalar; do \
        rm -f "/usr/lib/git-core/$name" "/usr/bin/$name"; \
    done \
    # Node.js runs functions here; it installs nothing.
    && rm -rf /usr/share/nodejs/corepack /usr/share/nodejs/@types
COPY --from=build /opt/lambdabot /opt/lambdabot
COPY LICENSE NOTICE /usr/share/doc/lambdabot/
COPY entrypoint.py /opt/lambdabot/
ENV PATH=/opt/lambdabot/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONUTF8=1
ENTRYPOINT ["/opt/lambdabot/bin/python", "/opt/lambdabot/entrypoint.py"]
