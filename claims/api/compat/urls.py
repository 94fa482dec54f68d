"""Addresses of the old API. Where nothing is read by a method it is refused: writing by 405."""

from __future__ import annotations

from typing import Any

from django.urls import path

from claims.api.compat import filters, views

app_name = "compat"

_PEOPLE: dict[str, Any] = {"filterset": filters.People}
_METHODS: dict[str, Any] = {"filterset": filters.FullyNamed}


def _read(view: type[views.Old], action: str = "list", **options: Any) -> Any:
    return view.as_view({"get": action}, **options)


urlpatterns = [
    path("", _read(views.Root, "show"), name="root"),
    path("search/", _read(views.Papers, "search"), name="search"),
    path("papers/", _read(views.Papers), name="papers"),
    path("papers/<str:paper>/", _read(views.Papers, "retrieve"), name="paper"),
    path("papers/<str:paper>/datasets/", _read(views.Papers, "datasets")),
    path("papers/<str:paper>/tasks/", _read(views.Papers, "tasks")),
    path("papers/<str:paper>/methods/", _read(views.Papers, "methods")),
    path("papers/<str:paper>/repositories/", _read(views.Papers, "repositories")),
    path("papers/<str:paper>/results/", _read(views.Papers, "results")),
    path("repositories/", _read(views.Repositories), name="repositories"),
    # The one address that the client asks for without a slash at its end.
    path("repositories/<str:owner>", _read(views.Repositories, "of_owner")),
    path("repositories/<str:owner>/", _read(views.Repositories, "of_owner")),
    path("repositories/<str:owner>/<str:name>/", _read(views.Repositories, "retrieve")),
    path("repositories/<str:owner>/<str:name>/papers/", _read(views.Repositories, "papers")),
    path("authors/", _read(views.Unknown, **_PEOPLE), name="authors"),
    path("authors/<str:author>/", _read(views.Unknown, "retrieve")),
    path("authors/<str:author>/papers/", _read(views.Unknown, "retrieve")),
    path("conferences/", _read(views.Unknown), name="conferences"),
    path("conferences/<str:conference>/", _read(views.Unknown, "retrieve")),
    path("conferences/<str:conference>/proceedings/", _read(views.Unknown, "retrieve")),
    path("conferences/<str:conference>/proceedings/<str:proceeding>/", _read(views.Unknown, "retrieve")),
    path("conferences/<str:conference>/proceedings/<str:proceeding>/papers/", _read(views.Unknown, "retrieve")),
    path("methods/", _read(views.Unknown, **_METHODS), name="methods"),
    path("methods/<str:method>/", _read(views.Unknown, "retrieve")),
    path("areas/", _read(views.Areas), name="areas"),
    path("areas/<str:area>/", _read(views.Areas, "retrieve")),
    path("areas/<str:area>/tasks/", _read(views.Areas, "tasks")),
    path("tasks/", _read(views.Tasks), name="tasks"),
    path("tasks/<str:task>/", _read(views.Tasks, "retrieve")),
    path("tasks/<str:task>/parents/", _read(views.Tasks, "relatives")),
    path("tasks/<str:task>/children/", _read(views.Tasks, "relatives")),
    path("tasks/<str:task>/papers/", _read(views.Tasks, "papers")),
    path("tasks/<str:task>/evaluations/", _read(views.Tasks, "evaluations")),
    path("datasets/", _read(views.Datasets), name="datasets"),
    path("datasets/<str:dataset>/", _read(views.Datasets, "retrieve")),
    path("datasets/<str:dataset>/evaluations/", _read(views.Datasets, "evaluations")),
    path("evaluations/", _read(views.Evaluations), name="evaluations"),
    path("evaluations/<str:evaluation>/", _read(views.Evaluations, "retrieve")),
    path("evaluations/<str:evaluation>/metrics/", _read(views.Evaluations, "metrics")),
    path("evaluations/<str:evaluation>/metrics/<str:metric>/", _read(views.Evaluations, "metric")),
    path("evaluations/<str:evaluation>/results/", _read(views.Evaluations, "results")),
    path("evaluations/<str:evaluation>/results/<str:result>/", _read(views.Evaluations, "result")),
    path("rpc/evaluation-synchronize/", views.Refused.as_view({"options": "options"})),
]
