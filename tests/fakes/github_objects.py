"""GitHub's objects as its API answers them, complete by its own description."""

from typing import Any

API = "https://api.github.com"
PAGE = "https://github.com"


def user(login: str) -> dict[str, Any]:
    api = f"{API}/users/{login}"
    links = ("followers", "following", "gists", "starred", "subscriptions", "received_events", "events", "repos")
    return {
        "login": login,
        "id": 41898282,
        "node_id": "U_1",
        "avatar_url": "https://avatars.githubusercontent.com/u/1",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{PAGE}/{login}",
        **{f"{name}_url": f"{api}/{name}" for name in links},
        "organizations_url": f"{api}/orgs",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def label(url: str, name: str) -> dict[str, Any]:
    return {
        "id": 1,
        "node_id": "LA_1",
        "url": f"{url}/labels/{name}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def happened(url: str, number: int, *, event: str, name: str, login: str | None, at: str) -> dict[str, Any]:
    return {
        "id": number,
        "node_id": f"LE_{number}",
        "url": f"{url}/issues/events/{number}",
        "actor": user(login) if login else None,
        "event": event,
        "commit_id": None,
        "commit_url": None,
        "created_at": at,
        "performed_via_github_app": None,
        **({"label": {"name": name, "color": "ededed"}} if name else {}),
    }


def activity(number: int, kind: str, branch: str, sha: str, at: str) -> dict[str, Any]:
    return {
        "id": number,
        "node_id": f"PSH_{number}",
        "before": "0" * 40,
        "after": sha,
        "ref": f"refs/heads/{branch}",
        "timestamp": at,
        "activity_type": kind,
        "actor": user("octocat"),
    }


def permission(login: str, given: str) -> dict[str, Any]:
    return {"permission": given, "role_name": given, "user": {**user(login), "role_name": given}}


def repository(full_name: str) -> dict[str, Any]:
    owner, name = full_name.split("/")
    url = f"{API}/repos/{full_name}"
    links = (
        "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
        "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
        "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags "
        "teams trees clone git ssh svn"
    )
    return {
        "id": 1,
        "node_id": "R_1",
        "name": name,
        "full_name": full_name,
        "owner": user(owner),
        "url": url,
        "html_url": f"{PAGE}/{full_name}",
        **{f"{link}_url": f"{url}/{link}" for link in links.split()},
        **dict.fromkeys(("description", "homepage", "language", "license", "mirror_url")),
        **dict.fromkeys(("fork", "private", "archived", "disabled"), False),
        **dict.fromkeys(("has_downloads", "has_issues", "has_projects", "has_wiki", "has_pages"), True),
        **dict.fromkeys(("forks", "forks_count", "open_issues", "open_issues_count", "size"), 0),
        **dict.fromkeys(("stargazers_count", "watchers", "watchers_count"), 0),
        **dict.fromkeys(("pushed_at", "created_at", "updated_at"), "2026-11-23T00:00:00Z"),
        "default_branch": "main",
    }


def pull_request(base: str, number: int, *, head: str | None, branch: str, sha: str) -> dict[str, Any]:
    url, page = f"{API}/repos/{base}", f"{PAGE}/{base}/pull/{number}"
    links = {
        "comments": f"{url}/issues/{number}/comments",
        "commits": f"{url}/pulls/{number}/commits",
        "review_comment": f"{url}/pulls/comments{{/number}}",
        "review_comments": f"{url}/pulls/{number}/comments",
        "statuses": f"{url}/statuses/{sha}",
    }
    owner = (head or "ghost/gone").partition("/")[0]
    return {
        "id": number,
        "node_id": f"PR_{number}",
        "number": number,
        "state": "open",
        "title": branch,
        "body": None,
        "locked": False,
        "url": f"{url}/pulls/{number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": f"{url}/issues/{number}",
        **{f"{name}_url": link for name, link in links.items()},
        "_links": {
            **{name: {"href": link} for name, link in links.items()},
            "self": {"href": f"{url}/pulls/{number}"},
            "html": {"href": page},
            "issue": {"href": f"{url}/issues/{number}"},
        },
        "user": user(owner),
        "labels": [],
        **dict.fromkeys(("assignee", "milestone", "closed_at", "merged_at", "merge_commit_sha", "auto_merge")),
        "created_at": "2026-11-23T00:00:00Z",
        "updated_at": "2026-11-23T00:00:00Z",
        "author_association": "NONE",
        "head": {
            "label": f"{owner}:{branch}",
            "ref": branch,
            "sha": sha,
            "repo": repository(head) if head else None,
            "user": user(owner),
        },
        "base": {
            "label": f"{base.partition('/')[0]}:main",
            "ref": "main",
            "sha": "0" * 40,
            "repo": repository(base),
            "user": user(base.partition("/")[0]),
        },
    }


PULL = {
    **dict.fromkeys(("additions", "deletions", "changed_files", "commits", "comments", "review_comments"), 1),
    **dict.fromkeys(("mergeable", "merged_by")),
    **dict.fromkeys(("merged", "maintainer_can_modify"), False),
    "mergeable_state": "unknown",
}
"""What a pull request has where it is asked for alone."""


def check_run(url: str, page: str, number: int, asked: dict[str, Any], noted: int) -> dict[str, Any]:
    output = asked["output"]
    return {
        "id": number,
        "node_id": f"CR_{number}",
        "head_sha": asked["head_sha"],
        "name": asked["name"],
        "url": f"{url}/check-runs/{number}",
        "html_url": f"{page}/runs/{number}",
        "details_url": asked.get("details_url"),
        "external_id": "",
        "status": asked["status"],
        "conclusion": asked["conclusion"],
        "started_at": "2026-11-23T00:00:00Z",
        "completed_at": "2026-11-23T00:00:00Z",
        "check_suite": {"id": 1},
        "output": {
            "title": output["title"],
            "summary": output["summary"],
            "text": None,
            "annotations_count": noted,
            "annotations_url": f"{url}/check-runs/{number}/annotations",
        },
        "app": None,
        "pull_requests": [],
    }
